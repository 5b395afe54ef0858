from django.db import models
from django.db.models import F
from django.urls import reverse
from django.utils import timezone


class Context(models.Model):
    """Where, or with what, something can be done: at home, on the phone."""

    name = models.CharField(max_length=60, unique=True)

    class Meta:
        ordering = ['name']

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse('context', args=[self.pk])


class Project(models.Model):
    """An outcome that takes more than one thing to do."""

    name = models.CharField(max_length=120, unique=True)
    outcome = models.TextField(blank=True, help_text='What will be true when it is done?')

    class Meta:
        ordering = ['name']

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse('project', args=[self.pk])


class ThingQuerySet(models.QuerySet):
    def open(self):
        return self.filter(completed_at=None)

    def done(self):
        return self.exclude(completed_at=None).order_by('-completed_at')

    def open_first(self):
        return self.order_by(F('completed_at').desc(nulls_first=True), *Thing._meta.ordering)

    def with_places(self):
        return self.select_related('context', 'project')


class Thing(models.Model):
    """One thing to do."""

    class Stage(models.TextChoices):
        INBOX = 'inbox', 'Inbox'
        NEXT = 'next', 'Next'
        WAITING = 'waiting', 'Waiting for somebody'
        SOMEDAY = 'someday', 'Someday, maybe'

    title = models.CharField(max_length=200)
    notes = models.TextField(blank=True)
    stage = models.CharField(max_length=10, choices=Stage, default=Stage.INBOX)
    context = models.ForeignKey(
        Context, on_delete=models.SET_NULL, null=True, blank=True, related_name='things'
    )
    project = models.ForeignKey(
        Project, on_delete=models.SET_NULL, null=True, blank=True, related_name='things'
    )
    due = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    completed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ThingQuerySet.as_manager()

    class Meta:
        ordering = [F('due').asc(nulls_last=True), 'created_at']

    def __str__(self):
        return self.title

    def get_absolute_url(self):
        return reverse('thing', args=[self.pk])

    @property
    def is_overdue(self):
        return self.completed_at is None and self.due is not None and self.due < timezone.localdate()

    def complete(self):
        self.completed_at = timezone.now()
        self.save(update_fields=['completed_at'])

    def reopen(self):
        self.completed_at = None
        self.save(update_fields=['completed_at'])
