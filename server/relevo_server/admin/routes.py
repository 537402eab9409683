"""Every route of administration, under `/api/admin`."""

from fastapi import APIRouter

from relevo_server.admin import activity, audit, people, policy, reports, sessions, tokens
from relevo_server.admin.acts import AdminParts


def build_router(parts: AdminParts) -> APIRouter:
    """The routes over the server's parts."""
    router = APIRouter()
    for noun in (people, sessions, reports, activity, audit, tokens, policy):
        router.include_router(noun.build_router(parts))
    return router
