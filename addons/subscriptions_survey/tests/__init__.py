from . import test_survey
from . import test_survey_answer
