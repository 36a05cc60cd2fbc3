from .common import tagged
from .portal_tour_common import PHONE, PortalTourCommon
from .rating_common import RatingMixin


@tagged("post_install", "-at_install")
class TestRatingTours(RatingMixin, PortalTourCommon):
    browser_size = PHONE
    touch_enabled = True

    def test_a_customer_answers_the_mail_on_a_telephone(self):
        contract = self._subscribe_two()
        contract._send_rating_request()
        links = self._get_links(self._get_rating_mails(contract))
        login = self._create_login()
        self.start_tour(links[5], "portal_rating", login=login)
        self.env.invalidate_all()
        self.assertEqual((contract.rating_count, contract.satisfaction), (1, 20.0))
        self.assertEqual(contract.sudo().rating_ids.feedback, "Nobody called back")
