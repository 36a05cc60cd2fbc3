from . import cart
from . import checkout
from . import combo_configurator
from . import delivery
from . import payment
from . import product_configurator
from . import variant
