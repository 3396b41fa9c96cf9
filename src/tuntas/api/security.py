"""Who may come in: the ``X-Api-Key`` header, as WAHA has it."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, HTTPException, Security
from fastapi.security import APIKeyHeader

from tuntas.api.context import GatewayHere

_header = APIKeyHeader(
    name="X-Api-Key",
    auto_error=False,
    description="Printed once at the first start, or what TUNTAS_API_KEY says.",
)


async def require_key(gateway: GatewayHere, key: Annotated[str | None, Security(_header)]) -> None:
    """Let a request through only with a key that we know.

    Raises:
        HTTPException: 401.
    """
    if key is None:
        raise HTTPException(401, "Send your key in the X-Api-Key header.", headers={"WWW-Authenticate": "ApiKey"})
    if not gateway.accepts_key(key):
        raise HTTPException(401, "This key is not known here.", headers={"WWW-Authenticate": "ApiKey"})


KeyRequired = Depends(require_key)
