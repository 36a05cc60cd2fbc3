from . import res_partner
from . import sale_order
from . import subscription_alert
from . import subscription_demo
from . import subscription_stage
from . import survey_survey
from . import survey_user_input
