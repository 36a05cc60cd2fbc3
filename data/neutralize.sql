-- A copy of the database bills nobody: its daily runs do not start by themselves.
UPDATE ir_cron
   SET active = false
 WHERE id IN (
       SELECT res_id
         FROM ir_model_data
        WHERE module = 'subscriptions'
          AND model = 'ir.cron'
       );
