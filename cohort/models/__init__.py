from . import base
from . import ir_actions
from . import ir_ui_view
