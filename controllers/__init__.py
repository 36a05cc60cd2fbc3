from . import contract_common
from . import contract_portal
from . import payment_link
from . import portal
from . import self_service
