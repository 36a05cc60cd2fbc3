from . import subscription_close
