import {rpc} from "@web/core/network/rpc";
import {patch} from "@web/core/utils/patch";
import {CartLine} from "@website_sale/interactions/cart_line";
import wSaleUtils from "@website_sale/js/website_sale_utils";

patch(CartLine.prototype, {
    setup() {
        super.setup();
        Object.assign(this.dynamicContent, {
            ".o_subscription_cart_plan select": {
                "t-on-change.withTarget": this.locked(this.changePlan),
            },
        });
    },

    /** Buy a line with another plan; all that follows is worked out by the server. */
    async changePlan(ev, select) {
        const cart = this.el.closest("#shop_cart");
        const data = await this.waitFor(
            rpc("/shop/cart/update", {
                line_id: parseInt(select.dataset.lineId),
                quantity: parseInt(this.el.querySelector("input.js_quantity").value),
                plan_id: parseInt(select.value),
            })
        );
        this.services["public.interactions"].stopInteractions(cart);
        wSaleUtils.updateCartNavBar(data);
        this.services["public.interactions"].startInteractions(cart);
        wSaleUtils.showWarning(data.warning);
        this.env.bus.trigger("cart_amount_changed", [data.amount, data.minor_amount]);
    },
});
