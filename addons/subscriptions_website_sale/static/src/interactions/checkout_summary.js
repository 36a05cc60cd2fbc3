import {patch} from "@web/core/utils/patch";
import {Checkout} from "@website_sale/interactions/checkout";

patch(Checkout.prototype, {
    /** What is due changes with the delivery. */
    _updateCartSummary(result, targetEl) {
        super._updateCartSummary(...arguments);
        const summary = targetEl.parentElement.querySelector(".o_subscription_summary");
        if (summary && result.cart_summary) {
            const template = document.createElement("template");
            template.innerHTML = result.cart_summary.trim();
            summary.replaceWith(template.content.firstElementChild);
        }
    },
});
