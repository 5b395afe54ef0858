"""
Two kinds of pages. Pages to read are the same for everybody: they touch neither session nor form token, so the
cache keeps them until something is written. Pages with a form carry a token of the visitor's own and are never cached.
"""

from django.db.models import Count, Prefetch, Q
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from django.views.generic import CreateView, DetailView, ListView, TemplateView, UpdateView

from .forms import ContextForm, ProjectForm, ThingForm
from .models import Context, Project, Thing

RECENTLY_DONE = 5

form_page = method_decorator(never_cache, name='dispatch')

open_things = Count('things', filter=Q(things__completed_at=None))


class Dashboard(TemplateView):
    template_name = 'gtd/dashboard.html'

    def get_context_data(self, **kwargs):
        things = Thing.objects.open().with_places()
        by_stage = {stage: [] for stage in Thing.Stage.values}
        for thing in things:
            by_stage[thing.stage].append(thing)
        return super().get_context_data(
            by_stage=by_stage,
            projects=Project.objects.annotate(open_things=open_things),
            done=Thing.objects.done().with_places()[:RECENTLY_DONE],
            rendered_at=timezone.now(),
            **kwargs,
        )


class ThingList(ListView):
    """Open things; `?show=done` lists the others, `?stage=next` only those of a stage."""

    template_name = 'gtd/thing_list.html'
    paginate_by = 50

    def get_queryset(self):
        things = Thing.objects.with_places()
        if self.request.GET.get('show') == 'done':
            return things.done()
        stage = self.request.GET.get('stage')
        things = things.open()
        return things.filter(stage=stage) if stage in Thing.Stage.values else things

    def get_context_data(self, **kwargs):
        return super().get_context_data(
            stages=Thing.Stage.choices,
            stage=self.request.GET.get('stage', ''),
            done=self.request.GET.get('show') == 'done',
            **kwargs,
        )


@form_page
class ThingDetail(DetailView):
    queryset = Thing.objects.with_places()


class ComesBack:
    """Fills a form in from the address: `?context=3&project=1`."""

    def get_initial(self):
        known = self.form_class.base_fields
        return {**super().get_initial(), **{k: v for k, v in self.request.GET.items() if k in known}}


@form_page
class AddThing(ComesBack, CreateView):
    model = Thing
    form_class = ThingForm
    template_name = 'gtd/form.html'
    extra_context = {'heading': 'Add a thing', 'action': 'Add'}

    def get_success_url(self):
        return self.object.project.get_absolute_url() if self.object.project else '/'


@form_page
class EditThing(UpdateView):
    model = Thing
    form_class = ThingForm
    template_name = 'gtd/form.html'
    extra_context = {'heading': 'Edit', 'action': 'Save'}


@require_POST
def complete_thing(request, pk):
    """Completes it, or opens it again with `undo=1`."""
    thing = get_object_or_404(Thing, pk=pk)
    if request.POST.get('undo'):
        thing.reopen()
        return redirect(thing)
    thing.complete()
    return redirect('dashboard')


with_things = Prefetch('things', queryset=Thing.objects.with_places().open_first())


class ProjectList(ListView):
    queryset = Project.objects.annotate(open_things=open_things)


class ProjectDetail(DetailView):
    queryset = Project.objects.prefetch_related(with_things)


@form_page
class AddProject(CreateView):
    model = Project
    form_class = ProjectForm
    template_name = 'gtd/form.html'
    extra_context = {'heading': 'Add a project', 'action': 'Add'}


@form_page
class EditProject(UpdateView):
    model = Project
    form_class = ProjectForm
    template_name = 'gtd/form.html'
    extra_context = {'heading': 'Edit', 'action': 'Save'}


class ContextList(ListView):
    queryset = Context.objects.annotate(open_things=open_things)


class ContextDetail(DetailView):
    queryset = Context.objects.prefetch_related(with_things)


@form_page
class AddContext(CreateView):
    model = Context
    form_class = ContextForm
    template_name = 'gtd/form.html'
    extra_context = {'heading': 'Add a context', 'action': 'Add'}
