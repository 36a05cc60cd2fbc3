from . import account_move_reversal
from . import subscription_close
