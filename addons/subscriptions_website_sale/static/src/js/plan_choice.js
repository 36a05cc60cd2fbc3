import {patch} from "@web/core/utils/patch";
import {WebsiteSale} from "@website_sale/interactions/website_sale";

/** Return the plan that is chosen in a product's form: 0 is "buy once". */
function getPlanId(element) {
    const value = element?.querySelector('input[name="plan_id"]:checked')?.value;
    return value === undefined ? undefined : parseInt(value);
}

patch(WebsiteSale.prototype, {
    setup() {
        super.setup();
        Object.assign(this.dynamicContent, {
            '.js_main_product input[name="plan_id"]': {
                "t-on-change": this.onChangePlan,
            },
        });
    },

    onChangePlan(ev) {
        this._getCombinationInfo(ev);
    },

    _getOptionalCombinationInfoParam(product) {
        const planId = getPlanId(product);
        return {
            ...super._getOptionalCombinationInfoParam(product),
            ...(planId === undefined ? {} : {plan_id: planId}),
        };
    },

    _onChangeCombination(ev, parent, combination) {
        super._onChangeCombination(ev, parent, combination);
        this._showPlans(parent, combination);
    },

    /** Show the plans of a variant, with their prices for the quantity. */
    _showPlans(parent, combination) {
        const selector = parent.querySelector(".o_subscription_plans");
        if (selector && combination.shop_plan_selector !== undefined) {
            const hadFocus = selector.contains(document.activeElement);
            // Written by the server's own template.
            const template = document.createElement("template");
            template.innerHTML = combination.shop_plan_selector.trim();
            const replacement = template.content.firstElementChild;
            if (replacement) {
                selector.replaceWith(replacement);
                this.updateContent();
                if (hadFocus) {
                    replacement.querySelector("input:checked")?.focus();
                }
            }
        }
        const period = parent.querySelector(".product_price .o_subscription_period");
        if (period) {
            period.classList.toggle("d-none", !combination.shop_period);
            period.querySelector("span").textContent = combination.shop_period || "";
        }
    },

    handleCustomValues(el) {
        if (el.name !== "plan_id") {
            super.handleCustomValues(el);
        }
    },

    _updateRootProduct(form) {
        super._updateRootProduct(form);
        const planId = getPlanId(form.closest(".js_product") ?? form);
        if (planId !== undefined) {
            this.rootProduct.plan_id = planId;
        }
    },
});
