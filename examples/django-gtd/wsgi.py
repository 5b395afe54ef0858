import os

from django.core.wsgi import get_wsgi_application

from gtd.browsers import ask_each_time

os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'settings')

application = ask_each_time(get_wsgi_application())
