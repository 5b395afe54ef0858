from django.contrib import admin

from .models import Context, Project, Thing

admin.site.site_header = 'Getting things done'


@admin.register(Thing)
class ThingAdmin(admin.ModelAdmin):
    list_display = ['title', 'stage', 'context', 'project', 'due', 'completed_at']
    list_filter = ['stage', 'context', 'project']
    search_fields = ['title', 'notes']


admin.site.register([Context, Project])
