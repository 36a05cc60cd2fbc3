from . import sums  # All others build upon it
from . import subscription_event_dimensions
from . import subscription_movement_report
from . import subscription_product_event
from . import subscription_rating_report
from . import subscription_report
from . import subscription_retention_report
from . import subscription_revenue
