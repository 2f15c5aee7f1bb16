# GitHub's jobs authenticate with a token that is valid for minutes. There are four gates, each an
# environment of the repository, whose rules (reviewers, branches) GitHub enforces.
locals {
  gates = {
    # environment = { account, ref that may use it; null: any ref of this repository }
    plan       = { account = google_service_account.planner, ref = null }
    bigquery   = { account = google_service_account.tester, ref = null }
    sweep      = { account = google_service_account.tester, ref = "refs/heads/${var.github_branch}" }
    production = { account = google_service_account.deployer, ref = "refs/heads/${var.github_branch}" }
  }

  pool = google_iam_workload_identity_pool.github.name
}

resource "google_iam_workload_identity_pool" "github" {
  project                   = var.project
  workload_identity_pool_id = "estore-github"
  display_name              = "GitHub"

  depends_on = [google_project_service.this]
}

resource "google_iam_workload_identity_pool_provider" "github" {
  #checkov:skip=CKV_GCP_125:It knows conditions on assertion.sub only; these name the repository, its number and the environment
  project                            = var.project
  workload_identity_pool_id          = google_iam_workload_identity_pool.github.workload_identity_pool_id
  workload_identity_pool_provider_id = "repository"
  display_name                       = "One repository"

  # A token without an environment, or from another repository, is refused here.
  attribute_condition = join(" && ", [
    "assertion.repository == '${var.github_repository}'",
    "assertion.repository_id == '${var.github_repository_id}'",
    "assertion.environment in [${join(", ", [for name in sort(keys(local.gates)) : "'${name}'"])}]",
  ])

  attribute_mapping = {
    "google.subject"        = "assertion.sub"
    "attribute.environment" = "assertion.environment"
    "attribute.gate"        = "assertion.environment + '@' + assertion.ref"
  }

  oidc {
    issuer_uri = "https://token.actions.githubusercontent.com"
  }
}

resource "google_service_account_iam_member" "github" {
  for_each = local.gates

  service_account_id = each.value.account.name
  role               = "roles/iam.workloadIdentityUser"
  member = (
    each.value.ref == null
    ? "principalSet://iam.googleapis.com/${local.pool}/attribute.environment/${each.key}"
    : "principalSet://iam.googleapis.com/${local.pool}/attribute.gate/${each.key}@${each.value.ref}"
  )
}
