from django import forms

from .models import Context, Project, Thing


class ThingForm(forms.ModelForm):
    class Meta:
        model = Thing
        fields = ['title', 'stage', 'context', 'project', 'due', 'notes']
        widgets = {
            'due': forms.DateInput(attrs={'type': 'date'}, format='%Y-%m-%d'),
            'notes': forms.Textarea(attrs={'rows': 4}),
        }


class ProjectForm(forms.ModelForm):
    class Meta:
        model = Project
        fields = ['name', 'outcome']
        widgets = {'outcome': forms.Textarea(attrs={'rows': 4})}


class ContextForm(forms.ModelForm):
    class Meta:
        model = Context
        fields = ['name']
