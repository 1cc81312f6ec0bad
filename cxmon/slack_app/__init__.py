"""The Slack app that listens: an envelope becomes a request, a handler answers it with calls, the edge performs them.

    envelope.parse -> Request -> registry.HANDLERS[kind, name] -> Handler.answer (before the acknowledgement, no writes)
                                                               -> Handler.handle (after it) -> Call, Respond, Upload

Handlers read the store and write through `cxmon.actions` alone; they never talk to Slack themselves. What they return
is performed in order by `performing`; `listening` holds the socket. This file imports nothing, so that whoever only
renders messages loads no SDK.
"""
