from django.db import migrations

FIRST_CONTEXTS = ['At home', 'At work', 'Errands', 'On the phone']


def add_contexts(apps, schema_editor):
    Context = apps.get_model('gtd', 'Context')
    for name in FIRST_CONTEXTS:
        Context.objects.using(schema_editor.connection.alias).get_or_create(name=name)


class Migration(migrations.Migration):
    """Something to choose from on the first day."""

    dependencies = [('gtd', '0001_initial')]

    operations = [migrations.RunPython(add_contexts, migrations.RunPython.noop)]
