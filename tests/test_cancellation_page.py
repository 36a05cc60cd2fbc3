"""Cancelling without a login: the page, and what it answers."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from unittest.mock import patch

import requests
from lxml import html

from odoo.tests import HttpCase, JsonRpcException
from odoo.tools import mute_logger

from ..models import subscription_cancellation_receiving as receiving
from .cancellation_common import HTML, CancellationCommon
from .common import freeze_time, tagged

PAGE = "/subscriptions/cancel"


@tagged("post_install", "-at_install")
@freeze_time("2026-07-15 12:03:27")
class TestCancellationPage(CancellationCommon, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contract = cls._create_contract()
        # What the page says is in this company's name.
        public = cls.env.ref("base.public_user").sudo()
        public.company_ids |= cls.company
        public.company_id = cls.company

    def _open(self, path=PAGE, **parameters):
        response = self.url_open(path, params=parameters)
        self.assertEqual(response.status_code, 200)
        return html.fromstring(response.text)

    def _post(self, contract=None, token=True, follow=True, **values):
        data = {
            "name": "Ada Example",
            "email": "ada@example.com",
            "contract": self.contract.name if contract is None else contract,
            "kind": "ordinary",
            **values,
        }
        if token:
            page = self._open()
            data["csrf_token"] = page.xpath("//input[@name='csrf_token']/@value")[0]
        response = self.url_open(PAGE, data=data, allow_redirects=follow)
        self.env.invalidate_all()
        return response

    def _get_text(self, response):
        page = html.fromstring(response.text)
        return " ".join(page.xpath("//main")[0].text_content().split())

    @contextmanager
    def _nothing_recorded(self):
        before = self.Cancellation.search([])
        yield
        self.assertEqual(self.Cancellation.search([]), before)

    # The way

    def test_from_any_page_by_two_buttons_to_a_receipt(self):
        for path in ("/web/login", PAGE):
            links = self._open(path).xpath(f"//a[@href='{PAGE}']")
            self.assertIn("Cancel contracts here", links[-1].text_content())
        page = self._open()
        self.assertIn(
            "Cancel now", page.xpath("//main//form//button")[0].text_content()
        )
        response = self._post()
        self.assertEqual(response.status_code, 200)
        self.assertEqual([one.status_code for one in response.history], [303])
        self.assertIn("/receipt/", response.url)
        self.assertIn("noindex", response.headers["X-Robots-Tag"])
        text = self._get_text(response)
        for part in (
            self.contract.name,
            "Ada Example",
            "ada@example.com",
            "07/15/2026 12:03:27 (UTC)",
            "as soon as possible",
            "A mail with the same goes to this e-mail address",
            "office@example.com",
        ):
            self.assertIn(part, text)
        self._run()
        self.assertEqual(self.contract.close_reason_id, self.reason)

    def test_fields_have_labels_and_help_to_fill_in(self):
        page = self._open()
        for name, kind, autocomplete in (
            ("contract", "text", "off"),
            ("name", "text", "name"),
            ("email", "email", "email"),
            ("wished_date", "date", None),
        ):
            [field] = page.xpath(f"//main//input[@name='{name}']")
            self.assertEqual(field.get("type"), kind)
            self.assertEqual(field.get("autocomplete"), autocomplete)
            self.assertTrue(page.xpath(f"//label[@for='{field.get('id')}']"))
        self.assertTrue(page.xpath("//label[@for='cancellation_cause']"))
        self.assertIn(self.company.name, page.xpath("//main")[0].text_content())

    def test_the_address_fills_in_what_it_says_and_no_more(self):
        def get_values(**parameters):
            page = self._open(**parameters)
            return [
                page.xpath(f"//main//input[@name='{name}']")[0].get("value") or ""
                for name in ("contract", "email", "name")
            ]

        self.assertEqual(get_values(), ["", "", ""])
        self.assertEqual(
            get_values(contract=HTML, email="a@b.c", name="Eve"), [HTML, "a@b.c", ""]
        )
        token = self.contract._portal_ensure_token()
        order_id = self.contract.id
        name = self.contract.name
        self.assertEqual(
            get_values(order_id=order_id, access_token=token), [name, "", ""]
        )
        for wrong in (
            {"order_id": order_id},
            {"order_id": order_id, "access_token": "wrong"},
            {"order_id": order_id, "access_token": ""},
            {"order_id": order_id + 99999, "access_token": token},
            {"order_id": "x", "access_token": token},
            {"order_id": "9" * 40, "access_token": token},
        ):
            self.assertEqual(get_values(**wrong), ["", "", ""])

    def test_opening_the_page_declares_nothing(self):
        with self._nothing_recorded():
            self._open(
                name="Ada",
                email="ada@example.com",
                contract=self.contract.name,
                kind="ordinary",
            )
        self.assertFalse(self.contract.close_date)

    def test_match_or_not_the_answer_is_the_same(self):
        hit = self._post(follow=False)
        miss = self._post("S99999", follow=False)
        stranger = self._post(email="eve@example.com", follow=False)
        self.assertEqual({one.status_code for one in (hit, miss, stranger)}, {303})
        pages = []
        for response, number in (
            (hit, self.contract.name),
            (miss, "S99999"),
            (stranger, self.contract.name),
        ):
            for moment in ("at once", "later"):
                receipt = self.url_open(response.headers["Location"])
                self.assertEqual(receipt.status_code, 200)
                pages.append(self._neutral(receipt.text, number))
                if moment == "at once":
                    self._run()
        self.assertEqual(len(set(pages)), 1)
        self.assertEqual(
            {
                tuple(sorted(set(one.headers) - {"Set-Cookie"}))
                for one in (hit, miss, stranger)
            }.__len__(),
            1,
        )
        self.assertTrue(self.contract.close_date)

    def _neutral(self, text, number):
        text = text.replace(number, "NUMBER")
        text = re.sub(r"(ada|eve)@example\.com", "ADDRESS", text)
        text = re.sub(r"[2-9A-Z]{5}-[2-9A-Z]{5}", "REFERENCE", text)
        text = re.sub(r"csrf_token: \"[^\"]*\"", "", text)
        return re.sub(r"receipt/\d+\?access_token=[-0-9a-f]+", "", text)

    def test_the_receipt_is_for_whoever_has_its_link(self):
        url = self._post().url
        path, token = url.split("?access_token=")
        for wrong in (
            path,
            f"{path}?access_token=",
            f"{path}?access_token={token[:-1]}",
            f"{path}?access_token=%C3%A4",
            f"{PAGE}/receipt/999999999?access_token={token}",
            f"{PAGE}/receipt/{'9' * 30}?access_token={token}",
        ):
            with self.subTest(wrong=wrong):
                response = self.url_open(wrong)
                self.assertEqual(response.status_code, 404)
                self.assertNotIn("Ada Example", response.text)

    def test_what_is_typed_is_text(self):
        response = self._post(HTML, name=HTML, kind="extraordinary", cause=HTML)
        self.assertNotIn("<b onclick", response.text)
        self.assertEqual(self._get_text(response).count(HTML), 3)
        self._run()
        mail = self._get_mails("ada@example.com")
        self.assertNotIn("<b onclick", mail.body_html)

    # What is refused

    def test_without_the_form_s_token_nothing_is_declared(self):
        with self._nothing_recorded(), mute_logger("odoo.http"):
            self.assertEqual(self._post(token=False).status_code, 400)
            self.assertEqual(
                self._post(token=False, csrf_token="wrong").status_code, 400
            )

    def test_bad_input_gets_words_and_is_kept(self):
        for values, name, words in (
            ({"name": ""}, "name", "say who you are"),
            ({"name": "   "}, "name", "say who you are"),
            ({"name": "x" * 10000}, "name", "too long"),
            ({"name": "Ada\r\nBcc: eve@example.com"}, "name", "cannot be read"),
            ({"email": ""}, "email", "where we can write"),
            ({"email": "ada"}, "email", "no e-mail address"),
            ({"email": "a@b.c, d@e.f"}, "email", "no e-mail address"),
            ({"email": f"{'x' * 300}@example.com"}, "email", "too long"),
            ({"contract": ""}, "contract", "which contract"),
            ({"contract": "x" * 101}, "contract", "too long"),
            ({"contract": "S\0001"}, "contract", "cannot be read"),
            ({"kind": ""}, "kind", "choose one"),
            ({"kind": "robbery"}, "kind", "choose one"),
            ({"kind": "extraordinary"}, "cause", "name the cause"),
            ({"cause": "x" * 10000}, "cause", "too long"),
            ({"wished_date": "2026-07-14"}, "wished_date", "is over"),
            ({"wished_date": "0001-01-01"}, "wished_date", "is over"),
            ({"wished_date": "9999-12-31"}, "wished_date", "ten years"),
            ({"wished_date": "tomorrow"}, "wished_date", "no date"),
            ({"wished_date": HTML}, "wished_date", "no date"),
        ):
            with self.subTest(values=str(values)[:60]), self._nothing_recorded():
                response = self._post(values.pop("contract", None), **values)
                self.assertEqual(response.status_code, 422)
                page = html.fromstring(response.text)
                [error] = page.xpath(f"//*[@id='cancellation_{name}_error']")
                self.assertIn(words, error.text_content())
                self.assertIn(words, page.xpath("//*[@role='alert']")[0].text_content())
                [email] = page.xpath("//main//input[@name='email']")
                self.assertEqual(
                    email.get("value") or "", values.get("email", "ada@example.com")
                )
                if name == "cause":
                    [field] = page.xpath("//textarea[@name='cause']")
                    self.assertEqual(field.text or "", values.get("cause", ""))

    def test_a_file_or_a_missing_field_is_not_an_error_of_ours(self):
        page = self._open()
        token = page.xpath("//input[@name='csrf_token']/@value")[0]
        with self._nothing_recorded():
            response = self.url_open(PAGE, data={"csrf_token": token})
            self.assertEqual(response.status_code, 422)
            response = self.url_open(
                PAGE, data={"csrf_token": token}, files={"name": b"\x00\xff"}
            )
            self.assertEqual(response.status_code, 422)

    @contextmanager
    def _limited(self, number):
        """Let the tests' own address count as a place."""
        with (
            patch.object(receiving, "SHARED_NETWORKS", ()),
            patch.object(receiving, "MAX_PER_ADDRESS", number),
        ):
            yield

    def test_too_many_are_answered_with_words_and_kept(self):
        self.company.write(
            {"phone": "+32 555 0100", "street": "Long Street 7", "city": "Ghent"}
        )
        with self._limited(3):
            for number in range(3):
                self._post(email=f"{number}@example.com")
            with self._nothing_recorded():
                response = self._post(name="Ada the Fourth")
        self.assertEqual(response.status_code, 429)
        self.assertEqual(response.headers["Retry-After"], "3600")
        [alert] = html.fromstring(response.text).xpath("//main//*[@role='alert']")
        for part in ("office@example.com", "+32 555 0100", "Long Street 7", "Ghent"):
            self.assertIn(part, alert.text_content())
        self.assertIn("Ada the Fourth", response.text)
        self.company.write({"phone": False, "street": False, "city": False})
        self.company.write({"zip": False})
        with self._limited(0):
            response = self._post()
        [alert] = html.fromstring(response.text).xpath("//main//*[@role='alert']")
        self.assertNotIn("phone", alert.text_content())
        self.assertNotIn("letter", alert.text_content())

    def test_nobody_is_kept_from_cancelling_by_others_who_type_the_address(self):
        for number in range(receiving.MAX_PER_EMAIL + 1):
            self.assertEqual(self._post(f"S9{number}").status_code, 200)
        response = self._post()
        self.assertEqual(response.status_code, 200)
        self.assertIn("/receipt/", response.url)
        self._run()
        self.assertEqual(self.contract.close_reason_id, self.reason)

    # Once

    def test_only_the_same_visitor_gets_the_same_receipt(self):
        first = self._post().url
        self.assertEqual(self._post().url, first)
        self.opener.cookies.clear()
        self.assertNotEqual(self._post().url, first)

    def test_ten_posts_at_once_declare_once(self):
        page = self._open()
        data = {
            "csrf_token": page.xpath("//input[@name='csrf_token']/@value")[0],
            "name": "Ada Example",
            "email": "ada@example.com",
            "contract": self.contract.name,
            "kind": "ordinary",
        }

        cookies = self.opener.cookies.get_dict()

        def post(_number):
            return requests.post(
                self.base_url() + PAGE,
                data=data,
                cookies=cookies,
                allow_redirects=False,
                timeout=60,
            ).headers["Location"]

        with (
            self.allow_requests(all_requests=True),
            ThreadPoolExecutor(10) as pool,
        ):
            receipts = set(pool.map(post, range(10)))
        self.env.invalidate_all()
        self.assertEqual(len(receipts), 1)
        self._run()
        self._run()
        self.assertEqual(len(self.Cancellation.search([])), 1)
        self.assertEqual(len(self._get_mails("ada@example.com")), 2)
        closed = self.contract.message_ids.filtered(
            lambda message: "Closed as of" in (message.body or "")
        )
        self.assertEqual(len(closed), 1)

    # By RPC

    def test_customers_read_no_declarations_by_rpc(self):
        self._post()
        self._create_user("customer", "base.group_portal", partner_id=self.partner.id)
        self.authenticate("customer", "customer")
        for method, arguments in (
            ("search_read", [[]]),
            ("read", [self.Cancellation.search([]).ids]),
            ("create", [{"name": "Eve"}]),
            ("write", [self.Cancellation.search([]).ids, {"name": "Eve"}]),
            ("unlink", [self.Cancellation.search([]).ids]),
            ("action_retry", [self.Cancellation.search([]).ids]),
            ("action_settle", [self.Cancellation.search([]).ids]),
        ):
            with (
                self.subTest(method=method),
                mute_logger("odoo.http"),
                self.assertRaises(JsonRpcException),
            ):
                self.make_jsonrpc_request(
                    "/web/dataset/call_kw",
                    {
                        "model": "subscription.cancellation",
                        "method": method,
                        "args": arguments,
                        "kwargs": {},
                    },
                )
