"""Has Prowler look at an account of AWS, and prints what it finds, one JSON object a line.

    python scan.py --region REGION --exceptions FILE SERVICE...

Through Prowler's SDK: its command line imports what it needs for every other cloud, which is ten times as much to install.
"""

import argparse
import json
import logging
import sys

from prowler.lib.logger import logger
from prowler.lib.scan.scan import Scan
from prowler.providers.aws.aws_provider import AwsProvider


# Asks a search engine of somebody else about each address.
_ELSEWHERE = ["ec2_elastic_ip_shodan"]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--region", required=True)
    parser.add_argument("--exceptions", required=True, help="a mutelist of Prowler's")
    parser.add_argument("services", nargs="+")
    chosen = parser.parse_args()
    logger.handlers = [logging.StreamHandler(sys.stderr)]  # what the emulator does not know is said there, not among the findings
    logger.setLevel(logging.ERROR)
    provider = AwsProvider(regions={chosen.region}, mutelist_path=chosen.exceptions)
    for _, findings in Scan(provider, services=chosen.services, excluded_checks=_ELSEWHERE).scan():
        for each in findings:
            found = {"check": each.metadata.CheckID, "resource": each.resource_uid, "says": each.status_extended}
            print(json.dumps({**found, "status": each.status.value, "excepted": each.muted}), flush=True)


main()
