from . import cancellation
from . import contract_common
from . import payment_link
from . import portal
from . import self_service
