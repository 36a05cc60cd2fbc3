import re
from html import unescape
from urllib.parse import urlsplit

from odoo.tests import HttpCase, freeze_time, tagged

from .common import SurveyCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestSurveyAnswer(SurveyCommon, HttpCase):
    def test_the_link_in_the_mail_is_answered_without_a_login(self):
        contract = self._create_contract()
        answer = contract._send_survey(self.survey)
        body = unescape(self._get_mails().body_html)
        link = re.search(r'href="([^"]*/survey/start/[^"]*)"', body)[1]
        parts = urlsplit(link)
        page = self.url_open(f"{parts.path}?{parts.query}")
        self.assertEqual(page.status_code, 200)
        self.assertIn("How are we doing?", page.text)
        token = self.survey.access_token
        call = {"jsonrpc": "2.0", "method": "call", "params": {}}
        self.url_open(f"/survey/begin/{token}/{answer.access_token}", json=call)
        no = self.question.suggested_answer_ids.filtered(lambda one: one.value == "no")
        call["params"] = {str(self.question.id): [str(no.id)]}
        self.url_open(f"/survey/submit/{token}/{answer.access_token}", json=call)
        self.env.invalidate_all()
        self.assertEqual(answer.state, "done")
        self.assertEqual(answer.scoring_percentage, 0)
        self.assertEqual(contract.survey_done_count, 1)
        self.assertIn(
            "was answered: 0 %", " ".join(contract.message_ids.mapped("body"))
        )
