{
    "name": "Subscriptions",
    "summary": "Sell by subscription: contracts that invoice themselves",
    "version": "19.0.1.1.0",
    "category": "Sales/Subscriptions",
    "license": "LGPL-3",
    "author": "Subscriptions contributors",
    "website": "https://example.com/subscriptions",
    "depends": [
        "account_payment",
        "sale_management",
    ],
    "excludes": ["sale_subscription"],
    "data": [
        # Security.
        "security/ir.model.access.csv",
        "security/subscription_security.xml",
        "security/subscription_report_security.xml",
        # Records.
        "data/mail_activity_type_data.xml",
        "data/subscription_close_reason_data.xml",
        "data/subscription_hold_cause_data.xml",
        "data/mail_template_data.xml",
        "data/mail_template_payment_data.xml",
        "data/mail_template_cancellation_data.xml",
        "data/mail_template_self_service_data.xml",
        "data/mail_template_self_service_method_data.xml",
        "data/subscription_dunning_data.xml",
        "data/subscription_plan_data.xml",
        "data/digest_data.xml",
        "data/ir_cron_data.xml",
        "data/subscription_cancellation_data.xml",
        # Wizards: their actions are on the contract.
        "wizard/subscription_change_plan_views.xml",
        "wizard/subscription_change_quantity_views.xml",
        "wizard/subscription_close_views.xml",
        "wizard/subscription_pause_views.xml",
        "wizard/subscription_payment_method_views.xml",
        "wizard/subscription_result_views.xml",
        "wizard/subscription_settle_views.xml",
        # Views.
        "views/subscription_change_views.xml",
        "views/subscription_event_views.xml",
        "views/subscription_movement_report_views.xml",
        "views/subscription_product_event_views.xml",
        "views/subscription_report_views.xml",
        "views/subscription_retention_report_views.xml",
        "views/subscription_period_views.xml",
        "views/subscription_dunning_policy_views.xml",
        "views/subscription_collection_views.xml",
        "views/subscription_cancellation_views.xml",
        "views/sale_order_line_views.xml",
        "views/sale_order_views.xml",
        "views/sale_order_hold_views.xml",
        "views/sale_order_payment_method_views.xml",
        "views/sale_order_payment_views.xml",  # Depends on the one above
        "views/subscription_plan_views.xml",  # Depends on the actions above
        "views/subscription_close_offer_views.xml",
        "views/subscription_close_reason_views.xml",
        "views/subscription_hold_cause_views.xml",
        "views/product_pricelist_views.xml",
        "views/product_template_views.xml",
        "views/sale_order_template_views.xml",
        "views/account_move_views.xml",
        "views/res_config_settings_views.xml",
        "views/res_partner_views.xml",
        "views/digest_digest_views.xml",
        "views/subscription_menus.xml",
        "views/subscription_price_increase_views.xml",  # Its menu is in the ones above
        "views/subscription_finding_views.xml",  # And its menu
        "wizard/subscription_move_charging_views.xml",  # Its menu too
        # Documents.
        "report/sale_order_documents.xml",
        "report/account_move_documents.xml",
        "views/cancellation_templates.xml",
        "views/payment_portal_templates.xml",
        "views/sale_portal_templates.xml",
        "views/self_service_templates.xml",
        "views/self_service_page_templates.xml",
        "views/contract_money_templates.xml",
        "views/contract_page_templates.xml",
        "views/contract_portal_templates.xml",
        "views/contract_payment_method_templates.xml",  # In the frame of the above
        "views/contract_address_templates.xml",
    ],
    "demo": [
        "demo/subscription_demo.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "subscriptions/static/src/*.js",
            "subscriptions/static/src/charging_right/**/*",
            "subscriptions/static/src/hold_desk/**/*",
        ],
        "web.assets_backend_lazy": [
            "subscriptions/static/src/cohort/**/*",
            "subscriptions/static/src/mrr_graph/**/*",
        ],
        "web.assets_frontend": [
            "subscriptions/static/src/interactions/**/*",
        ],
        "web.assets_tests": [
            "subscriptions/static/tests/tours/**/*",
        ],
        "web.assets_unit_tests": [
            "subscriptions/static/tests/cohort/**/*",
            "subscriptions/static/tests/mrr_graph/**/*",
        ],
    },
    "application": True,
}
