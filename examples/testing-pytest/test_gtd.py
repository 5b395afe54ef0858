"""The Django app next door, as its users meet it: a real process, a real cache, real HTTP."""

import os
import re
import socket
import urllib.parse
import urllib.request
from http.cookiejar import CookieJar

import pytest

URL = os.environ['PAAS_LOCAL_URL']


class Browser:
    def __init__(self):
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def get(self, path):
        return self.opener.open(URL + path, timeout=30).read().decode()

    def post(self, path, **fields):
        """Fills the form of that page in and sends it."""
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.get(path)).group(1)
        data = urllib.parse.urlencode({'csrfmiddlewaretoken': token, **fields}).encode()
        request = urllib.request.Request(URL + path, data, {'Referer': URL + path})
        return self.opener.open(request, timeout=30).read().decode()


def cache(command, end=b'END\r\n'):
    """Asks the app's cache itself."""
    host, port = os.environ['MEMCACHE_URL'].split(':')
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(command + b'\r\n')
        answer = b''
        while not answer.endswith(end):
            answer += connection.recv(65536)
    return answer.decode()


def stat(name):
    return int(re.search(rf'STAT {name} (\d+)', cache(b'stats')).group(1))


@pytest.fixture(autouse=True)
def empty_cache():
    cache(b'flush_all', end=b'OK\r\n')


@pytest.fixture
def browser():
    return Browser()


def test_the_dashboard_is_there(browser):
    assert 'The inbox is empty.' in browser.get('/')


def test_the_second_visitor_is_served_from_the_cache(browser):
    first = browser.get('/')
    hits, sets = stat('get_hits'), stat('cmd_set')
    assert Browser().get('/') == first
    assert stat('get_hits') > hits
    assert stat('cmd_set') == sets


def test_a_new_thing_is_seen_at_once_though_the_page_was_cached(browser):
    browser.get('/')
    page = browser.post('/things/add/', title='Ring Ada', stage='next')
    assert 'Ring Ada' in page
    assert 'Ring Ada' in Browser().get('/')


def test_a_thing_needs_a_title(browser):
    assert 'This field is required.' in browser.post('/things/add/', title='', stage='next')


def test_services_are_described(browser):
    assert os.environ['DJANGO_SETTINGS_MODULE'] == 'settings'
    assert 'memcached-gtd' in os.environ['VCAP_SERVICES']
