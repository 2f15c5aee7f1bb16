# Accounts and their permissions. No account has a key: machines use their own identity, GitHub a short-lived token.
locals {
  pipeline_roles = toset([
    "roles/bigquery.jobUser",         # run queries
    "roles/bigquery.readSessionUser", # read results quickly
    "roles/logging.logWriter",
    "roles/monitoring.metricWriter",
  ])

  # What `terraform plan` reads: settings, but never rows, files or secret values.
  planner_roles = toset([
    "roles/artifactregistry.reader",
    "roles/bigquery.metadataViewer",
    "roles/browser",
    "roles/compute.viewer",
    "roles/iam.roleViewer",
    "roles/iam.securityReviewer",
    "roles/iam.serviceAccountViewer",
    "roles/iam.workloadIdentityPoolViewer",
    "roles/logging.viewer",
    "roles/monitoring.viewer",
    "roles/secretmanager.viewer",
    "roles/serviceusage.serviceUsageConsumer",
  ])

  # What `terraform apply` and a deployment change. No role here can grant access to an account, a
  # secret, a bucket, a dataset or the images: a person applies such a change (README.md).
  deployer_roles = toset([
    "roles/artifactregistry.repoAdmin",
    "roles/compute.instanceAdmin.v1",
    "roles/compute.networkAdmin",
    "roles/compute.securityAdmin",
    "roles/logging.configWriter",
    "roles/monitoring.editor",
    "roles/serviceusage.serviceUsageAdmin",
  ])
}

resource "google_service_account" "pipeline" {
  project      = var.project
  account_id   = "estore-pipeline"
  display_name = "Loads, builds and publishes"

  depends_on = [google_project_service.this]
}

resource "google_service_account" "planner" {
  project      = var.project
  account_id   = "estore-planner"
  display_name = "GitHub: plans on pull requests"

  depends_on = [google_project_service.this]
}

resource "google_service_account" "tester" {
  project      = var.project
  account_id   = "estore-tester"
  display_name = "GitHub: datasets of pull requests"

  depends_on = [google_project_service.this]
}

resource "google_service_account" "deployer" {
  project      = var.project
  account_id   = "estore-deployer"
  display_name = "GitHub: applies and deploys merges"

  depends_on = [google_project_service.this]
}

# ---------------------------------------------------------------------- the pipeline

resource "google_project_iam_member" "pipeline" {
  for_each = local.pipeline_roles

  project = var.project
  role    = each.value
  member  = google_service_account.pipeline.member
}

resource "google_bigquery_dataset_iam_member" "pipeline" {
  for_each = google_bigquery_dataset.this

  project    = var.project
  dataset_id = each.value.dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.pipeline.member
}

resource "google_storage_bucket_iam_member" "pipeline" {
  bucket = google_storage_bucket.landing.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.pipeline.member
}

resource "google_artifact_registry_repository_iam_member" "pipeline" {
  project    = var.project
  location   = var.region
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.reader"
  member     = google_service_account.pipeline.member
}

# ---------------------------------------------------------------------- GitHub: plan

resource "google_project_iam_member" "planner" {
  for_each = local.planner_roles

  project = var.project
  role    = each.value
  member  = google_service_account.planner.member
}

resource "google_project_iam_custom_role" "bucket_viewer" {
  project     = var.project
  role_id     = "estoreBucketViewer"
  title       = "Reads the settings of buckets, but not their content"
  permissions = ["storage.buckets.get", "storage.buckets.getIamPolicy", "storage.buckets.list"]
}

resource "google_project_iam_member" "planner_buckets" {
  project = var.project
  role    = google_project_iam_custom_role.bucket_viewer.name
  member  = google_service_account.planner.member
}

resource "google_storage_bucket_iam_member" "planner_state" {
  bucket = var.state_bucket
  role   = "roles/storage.objectViewer"
  member = google_service_account.planner.member
}

# ---------------------------------------------------------------------- GitHub: pull requests

resource "google_project_iam_custom_role" "dataset_creator" {
  project     = var.project
  role_id     = "estoreDatasetCreator"
  title       = "Makes datasets, and owns those alone"
  permissions = ["bigquery.datasets.create"]
}

resource "google_project_iam_member" "tester" {
  for_each = {
    jobs     = "roles/bigquery.jobUser"
    sessions = "roles/bigquery.readSessionUser"
    datasets = google_project_iam_custom_role.dataset_creator.name
  }

  project = var.project
  role    = each.value
  member  = google_service_account.tester.member
}

# Reads the deployed tables, so that a pull request builds only what it changes.
resource "google_bigquery_dataset_iam_member" "tester" {
  for_each = google_bigquery_dataset.this

  project    = var.project
  dataset_id = each.value.dataset_id
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.tester.member
}

# ---------------------------------------------------------------------- GitHub: deploy

resource "google_project_iam_member" "deployer" {
  for_each = setunion(local.planner_roles, local.deployer_roles)

  project = var.project
  role    = each.value
  member  = google_service_account.deployer.member
}

resource "google_project_iam_custom_role" "deployer" {
  project = var.project
  role_id = "estoreDeployer"
  title   = "Changes settings of buckets, datasets and secrets, but not their content or access"
  permissions = [
    "artifactregistry.repositories.create",
    "artifactregistry.repositories.update",
    "bigquery.datasets.create",
    "bigquery.datasets.get",
    "bigquery.datasets.getIamPolicy",
    "bigquery.datasets.update",
    "secretmanager.secrets.create",
    "secretmanager.secrets.update",
    "storage.buckets.create",
    "storage.buckets.get",
    "storage.buckets.getIamPolicy",
    "storage.buckets.list",
    "storage.buckets.update",
  ]
}

resource "google_project_iam_member" "deployer_settings" {
  project = var.project
  role    = google_project_iam_custom_role.deployer.name
  member  = google_service_account.deployer.member
}

# It may grant only the roles of the pipeline and the tester. A person applies any change that extends
# its own rights or admits others.
resource "google_project_iam_member" "deployer_grants" {
  project = var.project
  role    = "roles/resourcemanager.projectIamAdmin"
  member  = google_service_account.deployer.member

  condition {
    title       = "grants of the pipeline's roles only"
    description = "A person applies all other changes"
    expression = format(
      "api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([%s])",
      join(", ", [for role in sort(local.pipeline_roles) : "'${role}'"]),
    )
  }
}

resource "google_service_account_iam_member" "deployer_runs_pipeline" {
  service_account_id = google_service_account.pipeline.name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.deployer.member
}

resource "google_storage_bucket_iam_member" "deployer_state" {
  bucket = var.state_bucket
  role   = "roles/storage.objectAdmin"
  member = google_service_account.deployer.member
}

# ---------------------------------------------------------------------- people

resource "google_iap_tunnel_instance_iam_member" "operator" {
  for_each = var.operators

  project  = var.project
  zone     = var.zone
  instance = google_compute_instance.this.name
  role     = "roles/iap.tunnelResourceAccessor"
  member   = each.value
}

resource "google_compute_instance_iam_member" "operator" {
  for_each = var.operators

  project       = var.project
  zone          = var.zone
  instance_name = google_compute_instance.this.name
  role          = "roles/compute.osAdminLogin"
  member        = each.value
}

resource "google_service_account_iam_member" "operator" {
  for_each = var.operators

  service_account_id = google_service_account.pipeline.name
  role               = "roles/iam.serviceAccountUser"
  member             = each.value
}
