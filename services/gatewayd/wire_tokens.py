"""Tokens as messages of the wire contract."""

from __future__ import annotations

from services.gatewayd.tokens import Token
from services.proto.sotto.v1 import gateway_pb2 as gw


def token_to_wire(token: Token) -> gw.Token:
    """What may be shown of a token: all but its secret."""
    return gw.Token(name=token.name, scopes=sorted(token.scopes), made=token.made, expires=token.expires)
