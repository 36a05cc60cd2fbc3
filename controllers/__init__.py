from . import payment_link
from . import portal
