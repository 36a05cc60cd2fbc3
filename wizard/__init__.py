from . import account_move_reversal
from . import subscription_contract_wizard
from . import subscription_change_wizard
from . import subscription_change_plan
from . import subscription_change_quantity
from . import subscription_close
from . import subscription_pause
from . import subscription_result
