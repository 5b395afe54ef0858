from django.apps import AppConfig


class GtdConfig(AppConfig):
    name = 'gtd'
    verbose_name = 'Getting things done'

    def ready(self):
        from . import page_cache

        page_cache.forget_pages_on_change(self)
