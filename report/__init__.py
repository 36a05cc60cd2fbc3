from . import subscription_revenue
