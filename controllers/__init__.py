from . import contract_address
from . import contract_answers
from . import contract_common
from . import contract_payment_method
from . import contract_portal
from . import payment_link
from . import portal
from . import self_service
