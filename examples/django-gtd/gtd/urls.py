from django.urls import path

from . import views

urlpatterns = [
    path('', views.Dashboard.as_view(), name='dashboard'),
    path('things/', views.ThingList.as_view(), name='things'),
    path('things/add/', views.AddThing.as_view(), name='add-thing'),
    path('things/<int:pk>/', views.ThingDetail.as_view(), name='thing'),
    path('things/<int:pk>/edit/', views.EditThing.as_view(), name='edit-thing'),
    path('things/<int:pk>/complete/', views.complete_thing, name='complete-thing'),
    path('projects/', views.ProjectList.as_view(), name='projects'),
    path('projects/add/', views.AddProject.as_view(), name='add-project'),
    path('projects/<int:pk>/', views.ProjectDetail.as_view(), name='project'),
    path('projects/<int:pk>/edit/', views.EditProject.as_view(), name='edit-project'),
    path('contexts/', views.ContextList.as_view(), name='contexts'),
    path('contexts/add/', views.AddContext.as_view(), name='add-context'),
    path('contexts/<int:pk>/', views.ContextDetail.as_view(), name='context'),
]
