"""All that differs between a laptop and a platform comes from the environment."""

import json
import os
from pathlib import Path

from database_url import parse_database_url

BASE_DIR = Path(__file__).resolve().parent

APPLICATION = json.loads(os.getenv('VCAP_APPLICATION', '{}'))

# Sessions and forms are signed with it; set it wherever anybody else can reach the app.
SECRET_KEY = os.getenv('SECRET_KEY', 'only-for-your-own-machine')
DEBUG = os.getenv('DJANGO_DEBUG', '') == '1'

ALLOWED_HOSTS = ['localhost', '.localhost', '127.0.0.1', '[::1]']
ALLOWED_HOSTS += [uri.split('/')[0].split(':')[0] for uri in APPLICATION.get('uris') or []]

# The platform's router replaces what clients send under this name.
SECURE_PROXY_SSL_HEADER = ('HTTP_X_FORWARDED_PROTO', 'https')

INSTALLED_APPS = [
    'django.contrib.admin',
    'django.contrib.auth',
    'django.contrib.contenttypes',
    'django.contrib.sessions',
    'django.contrib.messages',
    'django.contrib.staticfiles',
    'gtd',
]

# The two cache middlewares go around all others: what the first stores, the last finds.
MIDDLEWARE = [
    'django.middleware.cache.UpdateCacheMiddleware',
    'whitenoise.middleware.WhiteNoiseMiddleware',
    'django.middleware.security.SecurityMiddleware',
    'django.contrib.sessions.middleware.SessionMiddleware',
    'django.middleware.common.CommonMiddleware',
    'django.middleware.csrf.CsrfViewMiddleware',
    'django.contrib.auth.middleware.AuthenticationMiddleware',
    'django.contrib.messages.middleware.MessageMiddleware',
    'django.middleware.clickjacking.XFrameOptionsMiddleware',
    'django.middleware.cache.FetchFromCacheMiddleware',
]

ROOT_URLCONF = 'urls'
WSGI_APPLICATION = 'wsgi.application'

TEMPLATES = [
    {
        'BACKEND': 'django.template.backends.django.DjangoTemplates',
        'APP_DIRS': True,
        'OPTIONS': {
            'context_processors': [
                'django.template.context_processors.request',
                'django.contrib.auth.context_processors.auth',
                'django.contrib.messages.context_processors.messages',
            ],
        },
    },
]

if 'DATABASE_URL' in os.environ:
    DATABASES = {'default': parse_database_url(os.environ['DATABASE_URL'])}
else:
    DATABASES = {
        'default': {
            'ENGINE': 'django.db.backends.sqlite3',
            'NAME': os.getenv('SQLITE_FILE', BASE_DIR / 'gtd.sqlite3'),
            'OPTIONS': {'timeout': 20},
        }
    }
DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'

MEMCACHE_URL = os.getenv('MEMCACHE_URL')
if MEMCACHE_URL:
    CACHES = {
        'default': {
            'BACKEND': 'django.core.cache.backends.memcached.PyMemcacheCache',
            'LOCATION': MEMCACHE_URL,
            # Without its cache the app is slower, not broken; and it comes back to a cache that comes back.
            'OPTIONS': {'ignore_exc': True, 'connect_timeout': 1, 'timeout': 1, 'dead_timeout': 5},
        }
    }
else:
    CACHES = {'default': {'BACKEND': 'django.core.cache.backends.locmem.LocMemCache'}}
CACHE_MIDDLEWARE_SECONDS = 600
CACHE_MIDDLEWARE_KEY_PREFIX = 'gtd'

LANGUAGE_CODE = 'en-us'
TIME_ZONE = os.getenv('TIME_ZONE', 'UTC')
USE_TZ = True

STATIC_URL = '/static/'
STATIC_ROOT = BASE_DIR / 'staticfiles'
STORAGES = {
    'default': {'BACKEND': 'django.core.files.storage.FileSystemStorage'},
    'staticfiles': {'BACKEND': 'whitenoise.storage.CompressedStaticFilesStorage'},
}

# Everything goes to the log the platform keeps; Django's own choice would be to mail errors.
LOGGING = {
    'version': 1,
    'disable_existing_loggers': False,
    'handlers': {'console': {'class': 'logging.StreamHandler'}},
    'root': {'handlers': ['console'], 'level': 'INFO'},
}
