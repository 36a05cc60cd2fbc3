from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import freeze_time, new_test_user, tagged

from .common import SurveyCommon


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15")
class TestSurvey(SurveyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Odoo's tests track nothing, and stages look at what is tracked.
        cls.env = cls.env(
            context=dict(cls.env.context, tracking_disable=False, mail_notrack=False)
        )

    def _remind(self):
        self.env.flush_all()
        with self.enter_registry_test_mode():
            self.env.ref("subscriptions_survey.ir_cron_remind").method_direct_trigger()
        self.env.invalidate_all()

    def _commit(self):
        self.env.flush_all()
        self.env.cr.precommit.run()

    def _patch_signup(self, scope):
        """Let customers sign up by themselves (b2c) or on invitation only (b2b)."""
        patcher = patch.object(
            self.env.registry["res.users"],
            "_get_signup_invitation_scope",
            lambda users: scope,
        )
        patcher.start()
        self.addCleanup(patcher.stop)

    def _get_log(self, contract):
        return " ".join(contract.message_ids.mapped("body"))

    # === SENDING === #

    def test_the_customer_is_invited_in_their_language_by_the_queue(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.partner.lang = "de_DE"
        contract = self._create_contract()
        answer = contract._send_survey(self.survey)
        self.assertEqual(answer.order_id, contract)
        self.assertEqual(answer.partner_id, self.partner)
        mail = self._get_mails()
        self.assertEqual(mail.state, "outgoing")
        self.assertIn(answer.get_start_url(), mail.body_html.replace("&amp;", "&"))
        self.assertIn("was invited", self._get_log(contract))
        self.assertEqual((contract.survey_done_count, contract.survey_count), (0, 1))

    def test_there_is_no_second_invitation_while_one_is_open(self):
        contract, other = self._create_contract(), self._create_contract()
        answer = contract._send_survey(self.survey)
        self.assertEqual(contract._send_survey(self.survey), answer)
        self.assertEqual(len(self._get_mails()), 1)
        self.assertIn("no second invitation", self._get_log(contract))
        self.assertNotEqual(other._send_survey(self.survey), answer)
        self._answer(answer, "yes")
        self.assertNotEqual(contract._send_survey(self.survey), answer)

    def test_an_invitation_that_is_over_is_not_open(self):
        contract = self._create_contract()
        answer = contract._send_survey(self.survey)
        answer.deadline = "2026-07-14 00:00:00"
        self.assertNotEqual(contract._send_survey(self.survey), answer)

    def test_what_nobody_could_answer_is_refused_with_words(self):
        contract = self._create_contract()
        # Where there is a website, the setting is the website's.
        self._patch_signup("b2b")
        for values, words in (
            ({"active": False}, "is closed"),
            ({"question_and_page_ids": [Command.clear()]}, "has no questions"),
            ({"access_mode": "token", "users_login_required": True}, "needs a login"),
        ):
            survey = self.survey.copy({"title": "Broken"})
            survey.write(values)
            with self.subTest(words), self.assertRaisesRegex(UserError, words):
                contract._send_survey(survey)
        self.partner.email = False
        with self.assertRaisesRegex(UserError, "no e-mail address"):
            contract._send_survey(self.survey)
        self.assertFalse(self._get_mails())

    def test_an_alert_sends_it_once_and_says_so(self):
        alert = self._create_alert(
            mrr_max=200, action="survey", survey_id=self.survey.id
        )
        self.assertRegex(
            alert.sentence,
            r"When MRR is .*200\.00 or less, send the survey “How are we doing\?”\.",
        )
        contract = self._create_contract()
        self._run_alerts()
        self._run_alerts()
        self.assertEqual(contract.survey_count, 1)
        self.assertFalse(alert.last_error)

    def test_an_alert_whose_survey_is_closed_says_so_and_the_run_goes_on(self):
        alert = self._create_alert(
            mrr_max=200, action="survey", survey_id=self.survey.id
        )
        self._create_alert(name="Good", mrr_max=200)
        self.survey.active = False
        contract = self._create_contract()
        self._run_alerts()
        self.assertIn("is closed", alert.last_error)
        self.assertEqual(self._count(contract), 1)

    def test_a_stage_sends_it_and_a_broken_one_stops_nothing(self):
        stage = self.env["subscription.stage"].create(
            {"name": "Ask", "survey_id": self.survey.id}
        )
        contract, other = self._create_contract(), self._create_contract()
        self._commit()
        contract.stage_id = stage
        self._commit()
        self.assertEqual(contract.survey_count, 1)
        self.survey.active = False
        other.stage_id = stage
        self._commit()
        self.assertEqual(other.stage_id, stage)
        self.assertEqual(other.survey_count, 0)
        self.assertIn("is closed", self._get_log(other))
        self.assertTrue(other.activity_ids)

    # === THE SCORE === #

    def test_a_low_score_is_acted_on_once_and_a_better_answer_ends_it(self):
        alert = self._create_alert(survey_score_below=50)
        contract = self._create_contract()
        self._answer(contract._send_survey(self.survey), "yes")  # 100 %
        self._run_alerts()
        self.assertEqual(self._count(contract), 0)
        with freeze_time("2026-07-16"):
            self._answer(contract._send_survey(self.survey), "perhaps")  # 20 %
            self._run_alerts()
            self._run_alerts()
            self.assertEqual(self._count(contract), 1)
        with freeze_time("2026-07-17"):
            self._answer(contract._send_survey(self.survey), "yes")
            self._run_alerts()
        self.assertEqual(self._count(contract), 1)
        self.assertTrue(alert.match_ids.ended_on)
        self.assertIn("was answered: 20 %", self._get_log(contract))

    def test_another_survey_and_one_without_scores_do_not_count(self):
        other = self.survey.copy({"title": "Another"})
        self._create_alert(survey_score_below=50, survey_condition_id=other.id)
        contract = self._create_contract()
        self._answer(contract._send_survey(self.survey), "no")
        self._run_alerts()
        self.assertEqual(self._count(contract), 0)
        self._create_alert(name="Any", survey_score_below=50)
        self.survey.scoring_type = "no_scoring"
        contract._mark_changed()
        self._run_alerts()
        self.assertEqual(self._count(contract), 0)

    def test_the_shipped_example_is_off_and_reads_itself_back(self):
        alert = self.env.ref("subscriptions_survey.alert_low_score")
        self.assertFalse(alert.active)
        self.assertEqual(
            alert.sentence,
            "When the score of a survey is below 50 %, plan “Call” for the salesperson "
            "in 2 days.",
        )

    # === REMINDERS === #

    def test_who_does_not_answer_is_reminded_once_after_seven_days(self):
        contract = self._create_contract()
        answer = contract._send_survey(self.survey)
        for day, mails in (("2026-07-21", 1), ("2026-07-22", 2), ("2026-07-30", 2)):
            with freeze_time(day):
                self._remind()
                self.assertEqual(len(self._get_mails()), mails, day)
        self.assertEqual(answer.reminded_on, self._day("2026-07-22"))

    def test_nobody_is_reminded_who_answered_or_whose_contract_has_ended(self):
        answered, ended = self._create_contract(), self._create_contract()
        self._answer(answered._send_survey(self.survey), "yes")
        ended._send_survey(self.survey)
        ended._close(self.env.ref("subscriptions.close_reason_price"))
        with freeze_time("2026-07-30"):
            self._remind()
        self.assertEqual(len(self._get_mails()), 2)

    def test_a_reminder_that_fails_is_told_and_the_others_go_on(self):
        silent = self.env["res.partner"].create(
            {"name": "Bob", "email": "bob@example.com"}
        )
        first = self._create_contract(partner_id=silent.id)
        second = self._create_contract()
        first._send_survey(self.survey)
        second._send_survey(self.survey)
        silent.email = False
        with freeze_time("2026-07-22"):
            self._remind()
        self.assertIn("Nobody was reminded", self._get_log(first))
        self.assertIn("was reminded", self._get_log(second))
        self.assertEqual(len(self._get_mails()), 2)

    # === DEMONSTRATION === #

    def test_the_demonstration_is_answered_and_writes_no_mail(self):
        contracts = self.env["sale.order"].concat(
            *(self._create_contract() for _number in range(9))
        )
        self.env["subscription.demo"]._let_answer(self.survey, contracts)
        answers = self.survey.user_input_ids.filtered("order_id")
        self.assertEqual(answers.order_id, contracts)
        done = answers.filtered(lambda one: one.state == "done")
        self.assertEqual(len(done), 6)
        self.assertEqual(set(done.mapped("scoring_percentage")), {100.0, 20.0, 0.0})
        self.assertFalse(self._get_mails())

    # === RIGHTS === #

    def test_salespeople_read_the_answers_of_their_contracts_only(self):
        one, two = (
            new_test_user(
                self.env,
                login=login,
                groups="sales_team.group_sale_salesman",
                company_id=self.company.id,
                company_ids=[Command.set(self.company.ids)],
            )
            for login in ("one", "two")
        )
        contract = self._create_contract(user_id=one.id)
        answer = contract._send_survey(self.survey)
        unlinked = self.survey._create_answer(email="somebody@example.com")
        Answer = self.env["survey.user_input"]
        self.assertEqual(Answer.with_user(one).search([]), answer)
        self.assertFalse(Answer.with_user(two).search([]))
        self.assertEqual(contract.with_user(one).survey_count, 1)
        with self.assertRaises(AccessError):
            answer.with_user(one).write({"state": "done"})
        with self.assertRaises(AccessError):
            unlinked.with_user(one).read(["email"])
        partner = self.partner.with_user(one)
        self.assertEqual(partner.contract_survey_count, 1)
        self.assertEqual(
            Answer.with_user(one).search(
                partner.action_view_contract_surveys()["domain"]
            ),
            answer,
        )
