"""Pages are cached whole, so whatever is written makes all of them out of date."""

from django.core.cache import cache
from django.db import transaction
from django.db.models.signals import post_delete, post_save


def forget_pages(using, **_):
    # Only after the commit can a page rendered anew show what was written.
    transaction.on_commit(cache.clear, using=using)


def forget_pages_on_change(app):
    for model in app.get_models():
        post_save.connect(forget_pages, sender=model)
        post_delete.connect(forget_pages, sender=model)
