from . import test_cart
from . import test_cart_review
from . import test_checkout
from . import test_coupons
from . import test_offers
from . import test_shop_tours
from . import test_split
