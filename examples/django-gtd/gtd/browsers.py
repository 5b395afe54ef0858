def ask_each_time(app):
    """
    Wraps a WSGI application: browsers ask for a page each time they show it.

    Django's page cache tells them to keep a page as long as it does itself. But a cache here can be told to forget
    when something is written, and one in a browser cannot. Django does not cache what says `no-cache` when it comes
    from a view, so it is said out here, behind the cache.
    """

    def wrapped(environ, start_response):
        def start(status, headers, exc_info=None):
            said = {name.lower(): value for name, value in headers}
            is_page = said.get('content-type', '').startswith('text/html')
            if is_page and 'no-store' not in said.get('cache-control', ''):
                headers = [(name, value) for name, value in headers if name.lower() not in OVERRIDDEN]
                headers.append(('Cache-Control', 'no-cache'))
            return start_response(status, headers, exc_info)

        return app(environ, start)

    return wrapped


OVERRIDDEN = {'cache-control', 'expires'}
