from . import comparison
