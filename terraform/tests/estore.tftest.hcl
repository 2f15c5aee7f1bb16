# Needs no account: the provider's schema and checks are real, its responses are mocked.
mock_provider "google" {
  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }
  mock_resource "google_iam_workload_identity_pool" {
    defaults = { name = "projects/123456789012/locations/global/workloadIdentityPools/estore-github" }
  }
  mock_resource "google_service_account" {
    defaults = {
      name   = "projects/shop-analytics/serviceAccounts/a@shop-analytics.iam.gserviceaccount.com"
      email  = "a@shop-analytics.iam.gserviceaccount.com"
      member = "serviceAccount:a@shop-analytics.iam.gserviceaccount.com"
    }
  }
}

variables {
  project              = "shop-analytics"
  dataset              = "shop"
  state_bucket         = "shop-analytics-state"
  github_repository    = "shop/analytics"
  github_repository_id = "123456"
  billing_account      = "012345-6789AB-CDEF01"
  alert_email          = "data@example.com"
  operators            = ["group:data@example.com"]
}

run "the_bucket_never_loses_a_file" {
  assert {
    condition     = google_storage_bucket.landing.name == "shop-analytics-landing"
    error_message = "The bucket has its default name."
  }
  assert {
    condition = (
      google_storage_bucket.landing.versioning[0].enabled
      && google_storage_bucket.landing.uniform_bucket_level_access
      && google_storage_bucket.landing.public_access_prevention == "enforced"
      && google_storage_bucket.landing.force_destroy == false
    )
    error_message = "The bucket is versioned, uniform, never public and never emptied by a destroy."
  }
  assert {
    condition = !anytrue([
      for rule in google_storage_bucket.landing.lifecycle_rule :
      anytrue([for action in rule.action : action.type == "Delete"])
      && anytrue([for condition in rule.condition : condition.with_state != "ARCHIVED"])
    ])
    error_message = "Only replaced and deleted versions ever expire."
  }
}

run "every_schema_of_the_project_has_a_dataset" {
  assert {
    condition = toset([for dataset in google_bigquery_dataset.this : dataset.dataset_id]) == toset([
      "shop_raw", "shop_staging", "shop_intermediate", "shop_marts", "shop_metrics", "shop_dashboard",
      "shop_build", "shop_snapshots",
    ])
    error_message = "The datasets are those that estore and dbt expect."
  }
  assert {
    condition = alltrue([
      for dataset in google_bigquery_dataset.this :
      dataset.delete_contents_on_destroy == false
      && lower(dataset.location) == lower(google_storage_bucket.landing.location)
    ])
    error_message = "Datasets have the location of the bucket, and a destroy stops at tables."
  }
}

run "nothing_has_a_public_address" {
  assert {
    condition     = length(google_compute_instance.this.network_interface[0].access_config) == 0
    error_message = "The machine has no public address."
  }
  assert {
    condition     = google_compute_firewall.iap.source_ranges == toset(["35.235.240.0/20"])
    error_message = "Only IAP is admitted."
  }
}

run "github_has_access_through_four_gates" {
  assert {
    condition = (
      google_iam_workload_identity_pool_provider.github.attribute_condition ==
      "assertion.repository == 'shop/analytics' && assertion.repository_id == '123456' && assertion.environment in ['bigquery', 'plan', 'production', 'sweep']"
    )
    error_message = "Only jobs of this repository have access, and only in an environment."
  }
  assert {
    condition = alltrue([
      for gate in ["production", "sweep"] : endswith(
        google_service_account_iam_member.github[gate].member,
        "/workloadIdentityPools/estore-github/attribute.gate/${gate}@refs/heads/main",
      )
    ])
    error_message = "Deployments come only from the branch main."
  }
  assert {
    condition = alltrue([
      for gate in ["plan", "bigquery"] : endswith(
        google_service_account_iam_member.github[gate].member,
        "/workloadIdentityPools/estore-github/attribute.environment/${gate}",
      )
    ])
    error_message = "Pull requests get the account of their environment."
  }
}

run "no_account_owns_the_project" {
  assert {
    condition = length(setintersection(
      setunion(local.pipeline_roles, local.planner_roles, local.deployer_roles),
      [
        "roles/owner", "roles/editor", "roles/viewer", "roles/bigquery.admin", "roles/storage.admin",
        "roles/iam.serviceAccountKeyAdmin", "roles/iam.serviceAccountTokenCreator",
        "roles/resourcemanager.projectIamAdmin", "roles/secretmanager.secretAccessor",
        "roles/secretmanager.admin", "roles/iam.serviceAccountAdmin", "roles/artifactregistry.admin",
      ],
    )) == 0
    error_message = "No account has a basic or owner-like role."
  }
  assert {
    condition = alltrue([
      for permission in google_project_iam_custom_role.deployer.permissions :
      !strcontains(permission, "setIamPolicy") && !strcontains(permission, "versions")
    ])
    error_message = "The deployer grants access to no one, including itself."
  }
  assert {
    condition = (
      google_project_iam_member.deployer_grants.condition[0].expression ==
      "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly(['roles/bigquery.jobUser', 'roles/bigquery.readSessionUser', 'roles/logging.logWriter', 'roles/monitoring.metricWriter'])"
    )
    error_message = "The deployer grants only the roles of the pipeline."
  }
}

run "the_machine_knows_where_the_data_are" {
  assert {
    condition = alltrue([
      for line in [
        "ESTORE_TARGET=bigquery", "ESTORE_BIGQUERY=shop-analytics.shop", "ESTORE_LOCATION=US",
        "ESTORE_MAX_BYTES_BILLED=1099511627776", "ESTORE_LANDING=gs://shop-analytics-landing/",
      ] : contains(split("\n", output.environment), line)
    ])
    error_message = "The machine has the settings of estore."
  }
  assert {
    condition = alltrue([
      for file in yamldecode(google_compute_instance.this.metadata["user-data"]).write_files :
      length(file.content) > 0 && startswith(file.path, "/etc/")
    ])
    error_message = "cloud-init writes every file to a writable folder."
  }
  assert {
    condition = alltrue([
      for name in ["code", "daemon", "webserver", "dashboard"] :
      strcontains(local.files["/etc/systemd/system/estore-${name}.service"], "--name estore-${name} ")
      && strcontains(local.files["/etc/systemd/system/estore-image.service"], "estore-${name}.service")
    ])
    error_message = "Each container has a unit, and a new image restarts it."
  }
  assert {
    condition = [
      for name, container in local.containers : name
      if strcontains(local.files["/etc/systemd/system/estore-${name}.service"], "--publish")
    ] == ["dashboard", "webserver"]
    error_message = "Only web pages have a port."
  }
}

run "without_billing_and_email_there_are_no_alerts" {
  variables {
    billing_account = null
    alert_email     = null
  }

  assert {
    condition     = length(google_billing_budget.month) == 0 && length(google_monitoring_alert_policy.containers) == 0
    error_message = "Without a billing account there is no budget; without an address, no e-mail."
  }
}

run "wrong_values_are_refused_before_anything_is_created" {
  command = plan

  variables {
    project              = "Shop"
    zone                 = "europe-west4-a"
    location             = "Mars"
    dataset              = "pr_7"
    bucket               = "Landing_"
    image                = "ghcr.io/shop/analytics:latest"
    operators            = ["allUsers"]
    github_repository    = "analytics"
    github_repository_id = "shop/analytics"
    billing_account      = "1"
    monthly_budget       = 0.5
    max_bytes_billed     = 1
    disk_gb              = 1
    replaced_files_days  = 1
    log_days             = 1
    alert_email          = "data"
  }

  expect_failures = [
    var.project, var.zone, var.location, var.dataset, var.bucket, var.image, var.operators,
    var.github_repository, var.github_repository_id, var.billing_account, var.monthly_budget,
    var.max_bytes_billed, var.disk_gb, var.replaced_files_days, var.log_days, var.alert_email,
  ]
}
