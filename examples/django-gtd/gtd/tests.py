from datetime import timedelta
from unittest import mock

from database_url import parse_database_url
from django.core.cache import cache
from django.test import RequestFactory, SimpleTestCase, TestCase
from django.urls import reverse
from django.utils import timezone
from wsgi import application

from .models import Context, Project, Thing


class PageTestCase(TestCase):
    def setUp(self):
        cache.clear()
        self.addCleanup(cache.clear)

    def write(self, **fields):
        """What is written inside a test is never committed, so what waits for the commit is run by hand."""
        with self.captureOnCommitCallbacks(execute=True):
            return Thing.objects.create(**fields)

    def post(self, url, data=None, **extra):
        with self.captureOnCommitCallbacks(execute=True):
            return self.client.post(url, data or {}, **extra)


class PagesTest(PageTestCase):
    def test_empty_dashboard(self):
        self.assertContains(self.client.get('/'), 'The inbox is empty.')

    def test_first_contexts_are_there(self):
        self.assertContains(self.client.get(reverse('contexts')), 'At home')

    def test_adding_a_thing(self):
        response = self.post(reverse('add-thing'), {'title': 'Ring Ada', 'stage': 'next'})
        self.assertRedirects(response, '/')
        self.assertContains(self.client.get('/'), 'Ring Ada')

    def test_a_thing_needs_a_title(self):
        response = self.post(reverse('add-thing'), {'title': '', 'stage': 'next'})
        self.assertContains(response, 'This field is required.')

    def test_adding_from_a_project_comes_back_to_it(self):
        project = Project.objects.create(name='Garden')
        page = self.client.get(reverse('add-thing'), {'project': project.pk, 'stage': 'next'})
        self.assertEqual(page.context['form'].initial, {'project': str(project.pk), 'stage': 'next'})
        response = self.post(reverse('add-thing'), {'title': 'Dig', 'stage': 'next', 'project': project.pk})
        self.assertRedirects(response, project.get_absolute_url())
        self.assertContains(self.client.get(project.get_absolute_url()), 'Dig')

    def test_completing_and_opening_again(self):
        thing = self.write(title='Water the plants')
        self.assertRedirects(self.post(reverse('complete-thing', args=[thing.pk])), '/')
        self.assertContains(self.client.get(reverse('things'), {'show': 'done'}), 'Water the plants')
        self.assertNotContains(self.client.get(reverse('things')), 'Water the plants')
        self.post(reverse('complete-thing', args=[thing.pk]), {'undo': '1'})
        self.assertContains(self.client.get(reverse('things')), 'Water the plants')

    def test_completing_by_a_link_is_refused(self):
        thing = self.write(title='Water the plants')
        self.assertEqual(self.client.get(reverse('complete-thing', args=[thing.pk])).status_code, 405)

    def test_editing(self):
        thing = self.write(title='Ring Ada')
        response = self.post(reverse('edit-thing', args=[thing.pk]), {'title': 'Ring Alan', 'stage': 'waiting'})
        self.assertRedirects(response, thing.get_absolute_url())
        self.assertContains(self.client.get(reverse('things'), {'stage': 'waiting'}), 'Ring Alan')

    def test_overdue_is_said(self):
        yesterday = timezone.localdate() - timedelta(days=1)
        self.write(title='Taxes', stage='next', due=yesterday)
        self.assertContains(self.client.get('/'), 'overdue since')

    def test_soonest_comes_first_and_undated_last(self):
        today = timezone.localdate()
        self.write(title='Whenever')
        self.write(title='Later', due=today + timedelta(days=2))
        self.write(title='Sooner', due=today)
        self.assertEqual([str(thing) for thing in Thing.objects.all()], ['Sooner', 'Later', 'Whenever'])

    def test_projects_and_contexts_count_what_is_open(self):
        context, project = Context.objects.create(name='Shed'), Project.objects.create(name='Garden')
        self.write(title='Dig', context=context, project=project)
        self.write(title='Sow', context=context, project=project, completed_at=timezone.now())
        self.assertContains(self.client.get(reverse('projects')), '1 to do')
        self.assertContains(self.client.get(context.get_absolute_url()), 'class="done"')

    def test_text_is_escaped(self):
        self.write(title='<script>alert(1)</script>')
        self.assertNotContains(self.client.get('/'), '<script>')

    def test_the_admin_asks_who_is_there(self):
        self.assertRedirects(self.client.get('/admin/'), '/admin/login/?next=/admin/')


class CacheTest(PageTestCase):
    """The second reader gets the first one's page, until somebody writes."""

    READING_PAGES = ['dashboard', 'things', 'projects', 'contexts']

    def test_the_second_get_asks_the_database_nothing(self):
        for name in self.READING_PAGES:
            with self.subTest(name):
                first = self.client.get(reverse(name))
                with self.assertNumQueries(0):
                    second = self.client.get(reverse(name))
                self.assertEqual(first.content, second.content)

    def test_it_is_the_same_page_for_somebody_with_cookies(self):
        self.client.get(reverse('add-thing'))
        self.assertIn('csrftoken', self.client.cookies)
        self.client.get('/')
        with self.assertNumQueries(0):
            self.client_class().get('/')

    def test_a_reading_page_depends_on_nobody(self):
        response = self.client.get('/')
        self.assertNotIn('Vary', response)
        self.assertFalse(response.cookies)

    def test_browsers_ask_each_time(self):
        for _ in range(2):
            environ = RequestFactory().get('/').environ
            start = mock.Mock()
            application(environ, start).close()
            headers = dict(start.call_args.args[1])
            self.assertEqual(headers['Cache-Control'], 'no-cache')
            self.assertNotIn('Expires', headers)

    def test_a_page_with_a_form_is_not_kept(self):
        thing = self.write(title='Ring Ada')
        for url in [reverse('add-thing'), thing.get_absolute_url(), reverse('edit-thing', args=[thing.pk])]:
            with self.subTest(url), mock.patch.object(type(cache._connections['default']), 'set') as store:
                self.client.get(url)
                store.assert_not_called()

    def test_writing_shows_at_once(self):
        self.client.get('/')
        thing = self.write(title='Ring Ada')
        self.assertContains(self.client.get('/'), 'Ring Ada')
        with self.captureOnCommitCallbacks(execute=True):
            thing.delete()
        self.assertNotContains(self.client.get('/'), 'Ring Ada')


class HostsTest(TestCase):
    def test_names_below_localhost(self):
        for host in ['localhost:8080', 'django-gtd.localhost:8080', '127.0.0.1:8080', '[::1]:8080']:
            with self.subTest(host):
                self.assertEqual(self.client.get('/', headers={'host': host}).status_code, 200)
        self.assertEqual(self.client.get('/', headers={'host': 'elsewhere.example'}).status_code, 400)

    def test_a_form_sent_from_its_own_page_is_accepted(self):
        client = self.client_class(enforce_csrf_checks=True)
        host = 'django-gtd.localhost:8080'
        client.get(reverse('add-thing'), headers={'host': host})
        data = {'title': 'Ring Ada', 'stage': 'next', 'csrfmiddlewaretoken': client.cookies['csrftoken'].value}
        url = reverse('add-thing')
        elsewhere = {'host': host, 'origin': 'http://elsewhere.example'}
        self.assertEqual(client.post(url, data, headers=elsewhere).status_code, 403)
        own = {'host': host, 'origin': f'http://{host}'}
        self.assertEqual(client.post(url, data, headers=own).status_code, 302)


class DatabaseUrlTest(SimpleTestCase):
    def test_parts(self):
        self.assertEqual(
            parse_database_url('postgres://me:s%40fe@127.0.0.1:5432/gtd?sslmode=disable'),
            {
                'ENGINE': 'django.db.backends.postgresql',
                'NAME': 'gtd',
                'USER': 'me',
                'PASSWORD': 's@fe',
                'HOST': '127.0.0.1',
                'PORT': '5432',
                'OPTIONS': {'sslmode': 'disable'},
            },
        )
        self.assertEqual(parse_database_url('mysql://me@db/gtd')['ENGINE'], 'django.db.backends.mysql')

    def test_unknown_kind(self):
        with self.assertRaisesMessage(ValueError, 'oracle:'):
            parse_database_url('oracle://db/gtd')
