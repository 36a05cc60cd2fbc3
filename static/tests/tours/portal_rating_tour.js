import {addTour} from "@subscriptions/../tests/tours/add_tour";
import {
    click,
    follow,
    page,
    see,
    type,
} from "@subscriptions/../tests/tours/portal_steps";

addTour("portal_rating", {
    steps: () => [
        page(".o_rating_page_submit"),
        see("[name=rated_contract]", "Every Month"),
        see("input#rate_5:checked"),
        click("label[for=rate_1]"),
        see("input#rate_1:checked"),
        type("#rating_feedback", "Nobody called back"),
        follow(".o_rating_page_submit button[type=submit]:visible"),
        see("[name=given_rating] img[alt=Unhappy]"),
        follow("a:contains('To my subscription')"),
        see("#ratings [name=rating]", "Unhappy"),
        see("#ratings [name=rating]", "Nobody called back"),
    ],
});
