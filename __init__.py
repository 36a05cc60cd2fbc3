from . import controllers
from . import engine
from . import models
from . import report
from . import wizard

from .cohort import controllers as cohort_controllers
from .cohort import models as cohort_models
