from urllib.parse import parse_qsl, unquote, urlsplit

ENGINES = {
    'postgres': 'django.db.backends.postgresql',
    'postgresql': 'django.db.backends.postgresql',
    'mysql': 'django.db.backends.mysql',
    'mysql2': 'django.db.backends.mysql',
}


def parse_database_url(url):
    """Django's settings for `postgres://user:password@host:port/name?option=value`."""
    parts = urlsplit(url)
    if parts.scheme not in ENGINES:
        raise ValueError(
            f'DATABASE_URL begins with "{parts.scheme}:", known are {", ".join(ENGINES)}'
        )
    return {
        'ENGINE': ENGINES[parts.scheme],
        'NAME': unquote(parts.path.lstrip('/')),
        'USER': unquote(parts.username or ''),
        'PASSWORD': unquote(parts.password or ''),
        'HOST': parts.hostname or '',
        'PORT': str(parts.port or ''),
        'OPTIONS': dict(parse_qsl(parts.query)),
    }
