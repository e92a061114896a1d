"""The mark a plugin puts on its hooks."""

import pluggy

PROJECT = "paygate"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
