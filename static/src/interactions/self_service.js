import {Interaction} from "@web/public/interaction";
import {registry} from "@web/core/registry";

const PAUSE = 350; // Milliseconds without typing before the effect is asked for

/**
 * Shows what a customer's choice comes to while they choose. Without it, a button does:
 * the form is posted with `preview`, and the same page comes back with the effect.
 */
export class SelfService extends Interaction {
    static selector = ".o_subscription_self_service[data-live]";
    dynamicContent = {
        _root: {"t-on-input": this.debounced(this.refresh, PAUSE)},
        ".o_subscription_stepper button": {
            "t-on-click.withTarget": this.onStep,
            "t-att-class": () => ({"d-none": false}),
        },
    };

    setup() {
        this.asked = 0;
    }

    onStep(event, button) {
        const input = button.parentElement.querySelector("input");
        const value = (parseFloat(input.value) || 0) + Number(button.dataset.step);
        input.value = Math.max(value, parseFloat(input.min) || 0);
        this.refresh();
    }

    get effect() {
        return this.el.querySelector(".o_subscription_effect");
    }

    async refresh() {
        const asked = ++this.asked;
        this.setBusy(true);
        const data = new FormData(this.el);
        data.set("preview", "1");
        let page = null;
        try {
            const response = await this.waitFor(
                fetch(this.el.action, {method: "POST", body: data})
            );
            page = await this.waitFor(response.text());
        } catch {
            // The button that asks for the page is still there
        }
        if (asked !== this.asked) {
            return; // Another choice was made meanwhile
        }
        this.setBusy(false);
        if (page) {
            this.show(new DOMParser().parseFromString(page, "text/html"));
        }
    }

    setBusy(busy) {
        this.effect.setAttribute("aria-busy", busy);
        for (const button of this.effect.querySelectorAll("button")) {
            button.disabled = busy;
        }
    }

    show(page) {
        const effect = page.querySelector(".o_subscription_effect");
        if (!effect) {
            window.location.reload(); // The contract is not what it was
            return;
        }
        const error = page.querySelector("[name=error]");
        this.effect.replaceChildren(...(error ? [error] : []), ...effect.childNodes);
        document.querySelector(".o_subscription_action > [name=error]")?.remove();
    }
}

registry.category("public.interactions").add("subscriptions.self_service", SelfService);
