"""How the relay's ancestor took a webhook on Lambda: Flask, a new MQTT connection for each event, QoS 0.

Its handler, for `bench.world.function`; MQTT_* and STRIPE_WEBHOOK_SECRET are the relay's.
"""

from __future__ import annotations

import json
import os
from typing import Any

import paho.mqtt.publish as publish
import stripe
from apig_wsgi import make_lambda_handler
from flask import Flask, request
from flask.typing import ResponseReturnValue

app = Flask(__name__)
handler = make_lambda_handler(app)


@app.get("/status")
def status() -> ResponseReturnValue:
    """Whether it is up."""
    return {"status": "up", "message": "API is running"}


@app.post("/addCredit")
def add_credit() -> ResponseReturnValue:
    """Verify, connect, publish without an acknowledgement, leave."""
    secret, signature = os.environ["STRIPE_WEBHOOK_SECRET"], request.headers["Stripe-Signature"]
    event: Any = stripe.Webhook.construct_event(request.get_data(), signature, secret).to_dict()
    machine_id = event["data"]["object"]["metadata"]["machine_id"]
    publish.single(
        f"arcade/machine/{machine_id}/coinpulse",
        json.dumps({"machineId": machine_id, "credits": 1}),
        qos=0,
        hostname=os.environ["MQTT_BROKER"],
        port=int(os.environ["MQTT_PORT"]),
        auth={"username": os.environ["MQTT_USERNAME"], "password": os.environ["MQTT_PASSWORD"]},
        tls={"ca_certs": os.environ["MQTT_CA_FILE"]},
    )
    return {"published": True}
